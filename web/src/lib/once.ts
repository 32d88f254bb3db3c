// A thing that a person asks for is made once, however often it has to be asked for: as long as what is
// asked stays the same, it goes with the same Idempotency-Key and is dated the same.
import { gatewayNow } from "./clock";

export interface Asked {
  key: string;
  at: number;
}

export class Once {
  #said: string | null = null;
  #asked: Asked = { key: "", at: 0 };

  // For another wish another key: the gateway refuses one key for two bodies.
  ask(wish: unknown): Asked {
    const said = JSON.stringify(wish);
    if (said !== this.#said) {
      this.#said = said;
      this.#asked = { key: `ui-${crypto.randomUUID()}`, at: gatewayNow() };
    }
    return this.#asked;
  }

  // It was made: who asks for the same again wants a second one.
  done() {
    this.#said = null;
  }
}

// Asked again after its answer was lost, the gateway tells what it made, but the secret never twice.
export const secretLost = (made: { secret?: string } | null | undefined): boolean => made != null && !made.secret;

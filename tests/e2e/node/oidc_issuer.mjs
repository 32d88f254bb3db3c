// A real OpenID provider (oidc-provider, certified by the OpenID Foundation) on a port of the system's choice, for
// harness/oidc_issuer.py. Prints {issuer}; takes one line {clients, claims_in: "id_token" | "userinfo"}, answers
// {ready}, and ends with its standard input. Whoever signs in is who they say: bob@example.com has that address,
// verified unless it begins with "unverified".
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import process from "node:process";
import { createInterface } from "node:readline";

console.info = console.warn = () => {};
const { Provider } = await import("oidc-provider");

function privateKey(kind, options, alg) {
  const { privateKey } = generateKeyPairSync(kind, options);
  return { ...privateKey.export({ format: "jwk" }), use: "sig", alg, kid: alg };
}

let serve = (_, response) => response.writeHead(503).end();
const server = createServer((request, response) => serve(request, response));
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const issuer = `http://127.0.0.1:${server.address().port}`;
console.log(JSON.stringify({ issuer }));

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const { clients, claims_in } = JSON.parse(line);
  const provider = new Provider(issuer, {
    clients,
    jwks: { keys: [privateKey("rsa", { modulusLength: 2048 }, "RS256"), privateKey("ec", { namedCurve: "P-256" }, "ES256")] },
    cookies: { keys: ["a key of this test alone"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    conformIdTokenClaims: claims_in === "userinfo",
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256"] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: id, email_verified: !id.startsWith("unverified"), name: id.split("@")[0] }),
    }),
  });
  serve = provider.callback();
  console.log(JSON.stringify({ ready: true }));
});
lines.on("close", () => process.exit(0));

import { describe, expect, it } from "vitest";

import { nameIn } from "./audit_names";

describe("what an audit row is about", () => {
  it("is named as it is called now, or was before it was gone", () => {
    expect(nameIn({ before: { name: "old" }, after: { name: "new" } })).toBe("new");
    expect(nameIn({ before: { name: "old" }, after: null })).toBe("old");
  });

  it("is told by its e-mail address where it has no name, as an invitation", () => {
    expect(nameIn({ after: { email: "guest@example.com", role: "member" } })).toBe("guest@example.com");
    expect(nameIn({ before: { email: "guest@example.com", name: "" } })).toBe("guest@example.com");
  });

  it("is nothing where the row holds neither", () => {
    expect(nameIn({ before: null, after: { role: "admin" } })).toBe("");
    expect(nameIn({})).toBe("");
  });
});

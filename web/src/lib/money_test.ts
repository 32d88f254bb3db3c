import { describe, expect, it } from "vitest";

import { decimalOf, exactMoney, formatMoney, nanoOf } from "./money";

describe("money", () => {
  it("keeps every nano-dollar of the API's decimals", () => {
    expect(nanoOf("9007199254.740993001")).toBe(9007199254740993001n);
    expect(decimalOf(9007199254740993001n)).toBe("9007199254.740993001");
    expect(decimalOf(nanoOf("-0.5")!)).toBe("-0.5");
  });
  it("is not read from what is no decimal", () => {
    for (const text of ["", "1e3", "0x1", "1.", ".5", "1.0000000001", "NaN", "1,000"]) expect(nanoOf(text)).toBeNull();
  });
  it("is shown with cents, and below a cent with the digits that say something", () => {
    expect(formatMoney("18.2")).toBe("$18.20");
    expect(formatMoney("1204")).toBe("$1,204.00");
    expect(formatMoney("1234567.895")).toBe("$1,234,567.90");
    expect(formatMoney("0.000125")).toBe("$0.000125");
    expect(formatMoney("0.001234567")).toBe("$0.00124");
    expect(formatMoney("0")).toBe("$0");
    expect(formatMoney("-3")).toBe("−$3.00");
    expect(formatMoney(null)).toBe("–");
  });
  it("is shown to the last digit where it is asked exactly", () => {
    expect(exactMoney("1234.000000001")).toBe("$1,234.000000001");
    expect(exactMoney("2.5")).toBe("$2.50");
  });
});

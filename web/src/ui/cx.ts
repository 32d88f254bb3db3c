// Class names that may be absent.
export const cx = (...names: (string | false | null | undefined)[]): string => names.filter(Boolean).join(" ");

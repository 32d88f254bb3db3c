// How well a typed query fits a label, for the command palette: whole beginnings first, then words'
// beginnings, then letters in order. Null when it does not fit.
export function fit(query: string, label: string): number | null {
  const wanted = query.trim().toLowerCase();
  const text = label.toLowerCase();
  if (!wanted) return 0;
  if (text.startsWith(wanted)) return 3;
  if (text.split(/[\s/_-]+/).some((word) => word.startsWith(wanted))) return 2;
  if (text.includes(wanted)) return 1;
  let at = -1;
  for (const letter of wanted) {
    at = text.indexOf(letter, at + 1);
    if (at < 0) return null;
  }
  return 0;
}

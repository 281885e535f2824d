/** Is a release such as `1.16.1` the wanted one or a later one? */
export function isAtLeast(release: string, wanted: readonly [major: number, minor: number, patch: number]): boolean {
  const parts = release.split('.').map((part) => Number.parseInt(part, 10))
  for (const [i, part] of wanted.entries()) if (part !== parts[i]) return Number(parts[i]) > part
  return true
}

const partsOf = (release: string): number[] => release.split('.').map((part) => Number.parseInt(part, 10))

/** Is a release such as `1.16.1` the wanted one or a later one? */
export function isAtLeast(release: string, wanted: string): boolean {
  const parts = partsOf(release)
  for (const [i, part] of partsOf(wanted).entries()) if (part !== parts[i]) return Number(parts[i]) > part
  return true
}

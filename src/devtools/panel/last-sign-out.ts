const PREFIX = 'axios-attach-oauth.devtools.last-sign-out.'

/** Keeps the line of the last sign-out over a reload of the tab. Storage that refuses is ignored. */
export function saveLastSignOut(name: string, line: string): void {
  try {
    sessionStorage.setItem(PREFIX + name, line)
  } catch {
    // Blocked storage: the line is then shown until the reload only.
  }
}

export function loadLastSignOut(name: string): string | undefined {
  try {
    return sessionStorage.getItem(PREFIX + name) ?? undefined
  } catch {
    return undefined
  }
}

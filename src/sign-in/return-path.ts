/**
 * The path, query and fragment of `target` if `target` is on the origin of `page`, else `undefined`. An application that
 * navigates to a path with two leading slashes would go to another host.
 */
export function ownPath(target: string, page: URL): string | undefined {
  // The base is the page, not `document.baseURI`, which an injected <base> could change.
  if (!URL.canParse(target, page.href)) return undefined
  const { origin, pathname, search, hash } = new URL(target, page.href)
  return origin === page.origin && origin !== 'null' && !pathname.startsWith('//') ? pathname + search + hash : undefined
}

/** True if `url` is on the page of the redirect URI; query and fragment don't count. */
export function isRedirectPage(url: URL, redirectUri: URL): boolean {
  return url.origin === redirectUri.origin && url.pathname === redirectUri.pathname
}

/** The address without the parameters of an authorization response. */
export function withoutResponse(url: URL): string {
  const clean = new URL(url)
  for (const name of ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state'])
    clean.searchParams.delete(name)
  return clean.href
}

/** Leaves the page for an address of the authorization server. */
export function go({ href }: URL, navigate: ((url: string) => void) | undefined): void {
  if (navigate) navigate(href)
  else location.assign(href)
}

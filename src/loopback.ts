/** True for a name or address of the loopback interface. `hostname` is what `URL` gives; React Native's `URL` keeps upper case. */
export function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|\[::1\]|127(?:\.\d{1,3}){3})$/i.test(hostname)
}

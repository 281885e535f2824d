/** True for a name or address of the loopback interface. `hostname` comes from `URL`, which in React Native keeps upper case. */
export function isLoopback(hostname: string): boolean {
  return /^(?:(?:[\w.-]+\.)?localhost|\[::1\]|127(?:\.\d{1,3}){3})$/i.test(hostname)
}

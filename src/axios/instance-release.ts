import axios, { type AxiosInstance } from 'axios'
import { laterSigns } from '../node-only.js'
import { isAtLeast } from '../release.js'

/** Members of an instance or of its `transitional` options, each with the first release of axios that has it. Latest first. */
const signs = [...laterSigns, ['legacyInterceptorReqResOrdering', '1.13.5'] as const]
const oldest = '1.7.0'

/** Was this instance made by another copy of axios than this package's? */
export function isOfAnotherCopy({ interceptors }: AxiosInstance): boolean {
  return interceptors.request.constructor !== axios.interceptors.request.constructor
}

/**
 * The release of axios that made an instance. A program can have several copies of axios, for instance if it passes the instance of
 * another package. An instance does not name its release, so for another copy this is the latest release that the instance proves, at least 1.7.0.
 */
export function releaseOf(instance: AxiosInstance): string {
  if (!isOfAnotherCopy(instance)) return axios.VERSION
  const transitional: object = instance.defaults.transitional ?? {}
  return signs.find(([name]) => name in transitional || isOfAxios(instance, name))?.[1] ?? oldest
}

/** Is the member one of axios' methods, rather than one that the application has added? axios makes `post` and `query` alike. */
function isOfAxios(instance: AxiosInstance, name: string): boolean {
  const member = (instance as unknown as Record<string, unknown>)[name]
  return String(member) === String(instance.post)
}

/** The older of two releases: that of the instance, and that of this package's axios, whose adapter sends requests again. */
export function olderRelease(instance: AxiosInstance): string {
  const release = releaseOf(instance)
  return isAtLeast(release, axios.VERSION) ? axios.VERSION : release
}

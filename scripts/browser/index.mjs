// What the browser tests need, in one place.
export { launchChromium } from './chromium.mjs'
export { startRecorder } from './recorder.mjs'
export { startSite } from './site.mjs'
export { storm, withoutLocks } from './storm.mjs'

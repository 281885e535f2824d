// The parts of the browser tests.
export { launchChromium } from './chromium.mjs'
export { startRecorder } from './recorder.mjs'
export { startSite } from './site.mjs'
export { storm, withoutLocks } from './storm.mjs'

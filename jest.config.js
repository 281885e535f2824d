import { common, projectsOf } from './jest.shared.js'

/** @type {import('jest').Config} */
export default {
  ...common,
  // Two at least: much of the time is spent waiting for servers and processes.
  maxWorkers: 2,
  projects: projectsOf('test', ['\\.(long|apps)\\.test\\.tsx?$']),
}

import { common, projectsOf } from './jest.shared.js'

/** What needs signals, unix sockets, file modes, Redis or PostgreSQL runs on Linux only. */
const linuxOnly = ['stores/(file|servers|hanging|lease|processes)', 'integration/(real-server|endurance)', 'grants/real-server']

/** @type {import('jest').Config} */
export default {
  ...common,
  maxWorkers: 2,
  projects: projectsOf('test', ['\\.(long|apps)\\.test\\.tsx?$', ...linuxOnly.map((path) => `__tests__[\\\\/]${path}`)]),
}

import { common, projectsOf } from './jest.shared.js'

/** @type {import('jest').Config} */
export default {
  ...common,
  testTimeout: 600_000,
  // One file at a time: tokens that live 400 ms expire on the way on a busy machine, and the random programs use all cores by themselves.
  maxWorkers: 1,
  // These start programs of their own, with the newest axios.
  projects: projectsOf('long.test').slice(0, 1),
}

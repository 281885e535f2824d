import { compile, compilers, resolutions } from './compile.js'

describe.each(compilers)('with %s, without skipLibCheck and with exactOptionalPropertyTypes', (compiler) => {
  it.concurrent.each(resolutions.map((resolution) => [resolution.name, resolution] as const))(
    'an application with moduleResolution %s compiles against the packed package',
    async (_name, resolution) => {
      expect(await compile(compiler, resolution)).toBe('')
    },
  )
})

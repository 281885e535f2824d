// Which tests each part of the source is held against: those that are meant for it. All tests for every mutant would take a day.
export const rooms = {
  values: {
    mutate: ['src/tokens.ts', 'src/policy.ts', 'src/errors.ts', 'src/loopback.ts'],
    tests: ['{tokens,token-times,errors,policy,loopback}', 'axios/misuse', 'session/*', 'axios/origin'],
  },
  session: {
    mutate: ['src/session/**/*.ts'],
    tests: ['session/*', 'axios/{events,own-requests,keep-alive}', 'model/session', 'integration/failures'],
  },
  axios: {
    mutate: ['src/axios/**/*.ts'],
    // Another copy has to be built first.
    tests: ['axios/!(another-copy)', 'integration/{bodies,origins,secrets,waiting,step-up}'],
  },
  grants: { mutate: ['src/grants/**/*.ts', '!src/grants/index.ts'], tests: ['grants/!(real-server)'] },
  extras: { mutate: ['src/step-up.ts', 'src/keep-alive.ts'], tests: ['step-up', 'axios/keep-alive', 'integration/step-up'] },
}

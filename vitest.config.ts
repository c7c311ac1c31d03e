import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Two cores: a test file starts processes of its own, so more workers only slow each other down.
    maxWorkers: 2,
    // A worker goes on with the next file: no test leaves anything in its process, and starting anew took a fifth of the time.
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 180_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{contract,functions,infra,device-client,operator,local,start,bench}/**/*.test.ts'],
          globalSetup: 'test/skip-shims.ts',
        },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/**/*.test.ts'],
          globalSetup: ['test/skip-shims.ts', 'test/global-setup.ts'],
        },
      },
    ],
  },
})

import { spawnSync } from 'node:child_process'

/** Whether Python can import a module: tests that want it skip, by name, where it cannot. */
export function hasPythonModule(name: string): boolean {
  const found = `import importlib.util, sys; sys.exit(importlib.util.find_spec(${JSON.stringify(name)}) is None)`
  return spawnSync('python3', ['-c', found]).status === 0
}

import { cruise, type ICruiseOptions, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser'

/** What each folder may import of the others. Tests, bench/, start/ and checks/ join everything and are not held to it. */
const mayImport = {
  contract: [],
  functions: ['contract'],
  'device-client': ['contract'],
  operator: ['contract'],
  infra: ['contract'],
  local: [],
} as const satisfies Record<string, readonly string[]>

const folders = Object.keys(mayImport)

const direction = Object.entries(mayImport).map(
  ([folder, others]): IForbiddenRuleType => ({
    name: `${folder} imports ${others.join(', ') || 'no other folder'}`,
    severity: 'error',
    from: { path: `^${folder}/`, pathNot: '\\.test\\.ts$' },
    to: {
      path: '\\.(ts|json)$',
      pathNot: [`^(${[folder, ...others].join('|')})/`, '^node_modules/', '^package\\.json$'],
    },
  }),
)

const packages: IForbiddenRuleType[] = [
  {
    name: 'contract needs zod only',
    severity: 'error',
    from: { path: '^contract/', pathNot: '\\.test\\.ts$' },
    to: { dependencyTypes: ['npm', 'npm-dev'], pathNot: '^node_modules/zod/' },
  },
  {
    name: 'the device client has no AWS SDK',
    severity: 'error',
    from: { path: '^device-client/', pathNot: '(\\.test\\.ts$|^device-client/testing/)' },
    to: { path: '^node_modules/(@aws-sdk|@smithy)/' },
  },
  { name: 'every import resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
]

const options: ICruiseOptions = {
  ruleSet: { forbidden: [...direction, ...packages] },
  validate: true,
  doNotFollow: { path: 'node_modules' },
  tsPreCompilationDeps: true,
  enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
}

const { output } = await cruise(folders, options)
const { modules, summary } = output as ICruiseResult

// Without a parser for TypeScript the tool reads nothing, finds nothing wrong, and is content.
for (const folder of folders) {
  const read = modules.filter(({ source, dependencies }) => source.startsWith(`${folder}/`) && dependencies.length > 0)
  if (read.length === 0) throw new Error(`no import was read in ${folder}/: the check sees nothing`)
}
for (const { rule, from, to } of summary.violations) process.stderr.write(`${rule.name}: ${from} → ${to}\n`)
process.stdout.write(
  `${modules.length} modules, ${summary.totalDependenciesCruised} imports, ${summary.violations.length} wrong\n`,
)
process.exitCode = summary.violations.length > 0 ? 1 : 0

/** A template that cannot be deployed here: each problem names its place in the template. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(
      problems.length === 1 ? problems[0] : `${problems.length} problems:\n${problems.map((p) => `- ${p}`).join('\n')}`,
    )
    this.problems = problems
  }
}

/** An operation's input once checkInput has passed it: what the API model requires is there. */
export type Checked<Input> = {
  // biome-ignore lint/complexity/noBannedTypes: `{}` is how TypeScript tells an optional member from a required one
  readonly [Member in keyof Input]: {} extends Pick<Input, Member> ? Input[Member] : Exclude<Input[Member], undefined>
}

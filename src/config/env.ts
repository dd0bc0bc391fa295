/** The variables of an environment. */
export type Env = Readonly<Record<string, string | undefined>>

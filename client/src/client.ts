/**
 * What `flowfi-client` exports. `react/react.ts` is `flowfi-client/react`. Inside the repository both
 * names mean these sources: `paths` in tsconfig.json says so to tsc, Vite and Vitest alike. Node itself
 * and other projects get what `npm run build` makes of them in `dist/`.
 */

/** An amount of a token in its smallest unit, as a decimal string. */
export type Amount = string

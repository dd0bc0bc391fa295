/**
 * The default of the variable with this name. It has its own file because it is needed before the
 * configuration is loaded.
 */
export const DATABASE_PATH = 'data/flowfi.db'

/**
 * Where the database is unless the variable of this name says otherwise. In a file of its own,
 * because it is needed before the configuration is loaded.
 */
export const DATABASE_PATH = 'data/flowfi.db'

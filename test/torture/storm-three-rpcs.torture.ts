import { testStorms } from './thousand.ts'

testStorms(3)

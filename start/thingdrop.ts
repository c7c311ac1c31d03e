#!/usr/bin/env node
import { runCommandLine } from '#operator/cli/run-command-line.ts'
import { addLocalCommand } from './local-command.ts'

await runCommandLine(addLocalCommand)

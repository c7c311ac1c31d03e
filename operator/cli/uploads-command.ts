import type { Command } from 'commander'
import type { CommandContext } from './command-context.ts'
import { addDownloadUploadCommand } from './uploads/download-upload-command.ts'
import { addExportUploadsCommand } from './uploads/export-uploads-command.ts'
import { addListUploadsCommand } from './uploads/list-uploads-command.ts'
import { addRebuildUploadsCommand } from './uploads/rebuild-uploads-command.ts'
import { addShowUploadCommand } from './uploads/show-upload-command.ts'
import { addTailUploadsCommand } from './uploads/tail-uploads-command.ts'

export function addUploadsCommand(program: Command, context: CommandContext): void {
  const uploads = program.command('uploads').description('the log of every file that arrived, and the files')
  addListUploadsCommand(uploads, context)
  addShowUploadCommand(uploads, context)
  addDownloadUploadCommand(uploads, context)
  addExportUploadsCommand(uploads, context)
  addTailUploadsCommand(uploads, context)
  addRebuildUploadsCommand(uploads, context)
}

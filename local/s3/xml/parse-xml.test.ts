import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseXml } from './parse-xml.ts'
import { writeXml } from './write-xml.ts'

test('what is written is read again, whatever characters it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary-ascii' }), (key, control) => {
      const root = parseXml(writeXml('Delete', { Object: [{ Key: key }, { Key: control }], Quiet: true }))
      const [first, second, quiet] = root.children
      expect(root.name).toBe('Delete')
      expect(first?.children[0]?.text).toBe(key)
      expect(second?.children[0]?.text).toBe(control)
      expect(quiet?.text).toBe('true')
    }),
  )
})

test.each([
  [
    'a declaration, comments, attributes and a prefix',
    '<?xml version="1.0"?><!-- c --><s3:a x="1>" y=\'2\'><b/></s3:a>',
  ],
  ['CDATA', '<a><b><![CDATA[<&]]></b></a>'],
])('reads %s', (_, text) => {
  const root = parseXml(text)
  expect(root.name).toBe('a')
  expect(root.children.map(({ name }) => name)).toEqual(['b'])
})

test.each([
  ['nothing', ''],
  ['text alone', 'hello'],
  ['an open element', '<a><b></a>'],
  ['a stray end', '<a></a></b>'],
  ['two roots', '<a/><b/>'],
  ['an unknown entity', '<a>&nbsp;</a>'],
  ['a bare ampersand', '<a>a & b</a>'],
  ['a character beyond Unicode', '<a>&#x110000;</a>'],
  ['a document type', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
])('refuses %s', (_, text) => {
  expect(() => parseXml(text)).toThrow(expect.objectContaining({ code: 'MalformedXML' }))
})

test('never fails otherwise, whatever it is given', () => {
  const piece = fc.constantFrom(
    '<a>',
    '</a>',
    '<b/>',
    '&amp;',
    '&#x41;',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '"',
    "'",
    '<',
    '>',
    'x',
  )
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      try {
        parseXml(pieces.join(''))
      } catch (error) {
        expect(error).toMatchObject({ code: 'MalformedXML' })
      }
    }),
  )
})

"""Pictures of flows: what a plan looks like (`flows`, `overview`), as Mermaid and as DOT text.

Pure: the program that lays a picture out is run by `ivr.cli.diagram`. A plan with faults has a
picture too; nothing that is written in it is left out.
"""

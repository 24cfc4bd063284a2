"""Speech: from a template with values to files of sound that exist before the call starts.

`compose` decides which clips an utterance is made of, `kinds` and `numbers_*` how a value is
spoken, `render` and its adapters make sound, `audio` treats it, `library` keeps it. Nothing is
synthesised during a call.
"""

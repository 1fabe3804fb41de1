"""Whether a text is Lua, told in LuaJIT's words; nothing is run."""

from twisted_kong.core.lua_syntax.parsing import syntax_error

__all__ = ["syntax_error"]

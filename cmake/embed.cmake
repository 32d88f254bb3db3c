# tollgate_embed(ROOM SYMBOL FILE): the bytes of FILE, built into the room's library between the
# symbols SYMBOL_begin and SYMBOL_end. A change of FILE builds it anew. The note at the end says that
# the object needs no executable stack, which an assembler file must say for itself.
enable_language(ASM)

function(tollgate_embed room symbol file)
  set(source ${CMAKE_BINARY_DIR}/embedded/${symbol}.S)
  set(text "")
  string(APPEND text
    "  .section .rodata.${symbol}, \"a\"\n"
    "  .global ${symbol}_begin\n${symbol}_begin:\n"
    "  .incbin \"${file}\"\n"
    "  .global ${symbol}_end\n${symbol}_end:\n"
    "  .byte 0\n"
    "  .section .note.GNU-stack, \"\", @progbits\n")
  file(CONFIGURE OUTPUT ${source} CONTENT "${text}" @ONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${file})
  target_sources(tollgate_${room} PRIVATE ${source})
endfunction()

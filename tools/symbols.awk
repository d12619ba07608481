# SPDX-License-Identifier: BSD-2-Clause
# nm -n of the linked kernel to the table of kernel/symbols.h, as nasm source.
# Without input it makes an empty table, for the first link. Functions only;
# text_end closes the last one with an empty name. Labels inside a function of
# assembly (a dot in a name that nasm made) are kept: they are places too.

BEGIN { count = 0; bytes = 1 }

($2 == "T" || $2 == "t") && !done {
    name = $3
    if (name == "text_end")
        name = ""
    if (count && address[count - 1] == $1) {
        if (name != "")
            next                        # two names of one address: the first
        count--
    }
    address[count] = $1
    offset[count] = name == "" ? 0 : bytes
    if (name != "") {
        names[count] = name
        bytes += length(name) + 1
    }
    count++
    if (name == "")
        done = 1
}

END {
    print "global symbol_table, symbol_count, symbol_names"
    print "section .symbols progbits alloc noexec nowrite align=8"
    printf "symbol_count: dq %d\n", count
    print "symbol_table:"
    for (i = 0; i < count; i++)
        printf "    dq 0x%s, %d\n", address[i], offset[i]
    print "symbol_names: db 0"
    for (i = 0; i < count; i++)
        if (offset[i])
            printf "    db \"%s\", 0\n", names[i]
}

# SPDX-License-Identifier: BSD-2-Clause
# Makes the ISO's GRUB menu. With words in the environment variable APPEND the
# first entry carries them and starts at once. Each word is quoted alone: GRUB
# hands a quoted pair of words on with the quotes around it.

function quoted(text, words, count, i, line) {
    count = split(text, words, " ")
    for (i = 1; i <= count; i++) {
        gsub(/'/, "'\\''", words[i])
        line = line " '" words[i] "'"
    }
    return line
}

function entry(title, words) {
    printf "\nmenuentry '%s' {\n", title
    printf "    multiboot2 /boot/iommukit.elf%s\n}\n", quoted(words)
}

BEGIN {
    append = ENVIRON["APPEND"]
    gsub(/[ \t\n]+/, " ", append)
    print "set default=0"
    print "set timeout=" (append ~ /[^ ]/ ? 0 : 3)
    print "insmod all_video"
    print "if serial --unit=0 --speed=115200; then"
    print "    terminal_input --append serial"
    print "    terminal_output --append serial"
    print "fi"
    print "if loadfont /boot/grub/unicode.pf2; then"
    print "    set gfxmode=1024x768,auto"
    print "    terminal_output --append gfxterm"
    print "    terminal_output --remove console"
    print "fi"
    if (append ~ /[^ ]/)
        entry("iommukit: as asked", append)
    entry("iommukit: prove the protection of this machine", "")
    entry("iommukit: full report, no tests", "report=full run=none")
    entry("iommukit: report, then the shell", "run=none exit=shell")
    entry("iommukit: with the IOMMU left off", "intel_iommu=off expect=unprotected")
}

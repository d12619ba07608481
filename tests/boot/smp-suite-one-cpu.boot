# SPDX-License-Identifier: BSD-2-Clause
# One CPU: the scenarios of several say why they are left out.
append: run=smp/*
status: 0
see: ^ok \d+ - smp/a-domain-each # SKIP one CPU only$
not: ^(not )?ok \d+ - smp/(?!.*SKIP)
check: tap

# SPDX-License-Identifier: BSD-2-Clause
# A serial number that no disk has is known to be none once all of them were reached.
append: scratch=DISC run=dma/mapped-write-arrives*
status: 0
see: scratch=DISC: no disk found is that one

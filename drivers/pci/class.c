/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of class codes (PCI Code and ID Assignment): the most exact that is known. */
#include "pci_internal.h"

#define CLASS_SUB(base, sub) ((base) << 16 | (sub) << 8)
#define CLASS_IF(base, sub, interface) (CLASS_SUB(base, sub) | (interface))

static const struct {
    uint32_t mask, value;
    const char *name;
} classes[] = {
    { PCI_BITS32(23, 0), CLASS_IF(0x01u, 0x06u, 0x01u), "AHCI controller" },
    { PCI_BITS32(23, 0), CLASS_IF(0x01u, 0x08u, 0x02u), "NVMe controller" },
    { PCI_BITS32(23, 0), CLASS_IF(0x0cu, 0x03u, 0x00u), "UHCI controller" },
    { PCI_BITS32(23, 0), CLASS_IF(0x0cu, 0x03u, 0x10u), "OHCI controller" },
    { PCI_BITS32(23, 0), CLASS_IF(0x0cu, 0x03u, 0x20u), "EHCI controller" },
    { PCI_BITS32(23, 0), CLASS_IF(0x0cu, 0x03u, 0x30u), "xHCI controller" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x01u, 0x00u), "SCSI controller" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x01u, 0x01u), "IDE controller" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x01u, 0x04u), "RAID controller" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x01u, 0x07u), "SAS controller" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x02u, 0x00u), "Ethernet controller" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x03u, 0x00u), "VGA controller" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x04u, 0x03u), "audio controller" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x06u, 0x00u), "host bridge" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x06u, 0x01u), "ISA bridge" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x06u, 0x04u), "PCI bridge" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x06u, 0x07u), "CardBus bridge" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x08u, 0x06u), "IOMMU" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x0cu, 0x00u), "FireWire controller" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x0cu, 0x03u), "USB controller" },
    { PCI_BITS32(23, 8), CLASS_SUB(0x0cu, 0x05u), "SMBus controller" },
    { PCI_BITS32(23, 16), CLASS_SUB(0x01u, 0u), "storage controller" },
    { PCI_BITS32(23, 16), CLASS_SUB(0x02u, 0u), "network controller" },
    { PCI_BITS32(23, 16), CLASS_SUB(0x03u, 0u), "display controller" },
    { PCI_BITS32(23, 16), CLASS_SUB(0x04u, 0u), "multimedia device" },
    { PCI_BITS32(23, 16), CLASS_SUB(0x05u, 0u), "memory controller" },
    { PCI_BITS32(23, 16), CLASS_SUB(0x06u, 0u), "bridge" },
    { PCI_BITS32(23, 16), CLASS_SUB(0x07u, 0u), "communication controller" },
    { PCI_BITS32(23, 16), CLASS_SUB(0x08u, 0u), "system peripheral" },
    { PCI_BITS32(23, 16), CLASS_SUB(0x0cu, 0u), "serial bus controller" },
    { PCI_BITS32(23, 16), CLASS_SUB(0x12u, 0u), "processing accelerator" },
};

const char *pci_class_name(uint32_t class_code)
{
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if ((class_code & classes[i].mask) == classes[i].value)
            return classes[i].name;
    return "device";
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Invalidation descriptors. VT-d 4.1 §6.5.2; words of 64 bits. */
#ifndef MODELS_VTD_QI_H
#define MODELS_VTD_QI_H

#include <stdint.h>

#include "core/base/bits.h"

/* The type is 3:0 and, above it, 11:9. */
enum vtd_descriptor_type {
	VTD_QI_CONTEXT = 1,
	VTD_QI_IOTLB = 2,
	VTD_QI_WAIT = 5,
	VTD_QI_PASID_IOTLB = 6,
	VTD_QI_PASID = 7
};
#define VTD_QI0_FIELDS(F)           \
	F(VTD_QI0, TYPE, 0, 4)      \
	F(VTD_QI0, G, 4, 2)         \
	F(VTD_QI0, TYPE_HIGH, 9, 3) \
	F(VTD_QI0, DID, 16, 16)
FIELDS_DEFINE(VTD_QI0, VTD_QI0_FIELDS);
#define VTD_QICC_FIELDS(F)       \
	F(VTD_QICC, SID, 32, 16) \
	F(VTD_QICC, FM, 48, 2)
FIELDS_DEFINE(VTD_QICC, VTD_QICC_FIELDS);
#define VTD_QIIOTLB_FIELDS(F)    \
	F(VTD_QIIOTLB, DW, 6, 1) \
	F(VTD_QIIOTLB, DR, 7, 1)
FIELDS_DEFINE(VTD_QIIOTLB, VTD_QIIOTLB_FIELDS);
#define VTD_QIPASID_FIELDS(F) F(VTD_QIPASID, PASID, 32, 20)
FIELDS_DEFINE(VTD_QIPASID, VTD_QIPASID_FIELDS);
#define VTD_QIWAIT_FIELDS(F)    \
	F(VTD_QIWAIT, IF, 4, 1) \
	F(VTD_QIWAIT, SW, 5, 1) \
	F(VTD_QIWAIT, FN, 6, 1) \
	F(VTD_QIWAIT, PD, 7, 1) \
	F(VTD_QIWAIT, DATA, 32, 32)
FIELDS_DEFINE(VTD_QIWAIT, VTD_QIWAIT_FIELDS);

/* IQERCD.IQEI. */
enum vtd_queue_error {
	VTD_IQEI_NONE = 0,
	VTD_IQEI_TAIL = 1,  /* beyond the queue */
	VTD_IQEI_FETCH = 2, /* nothing answers */
	VTD_IQEI_TYPE = 3,
	VTD_IQEI_RESERVED = 4,
	VTD_IQEI_WIDTH = 5,	/* 128 bits in scalable mode, or 256 where the
				   unit has none */
	VTD_IQEI_ALIGNMENT = 6, /* of the tail */
	VTD_IQEI_TTM = 7
};

#endif

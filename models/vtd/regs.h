/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The register map of a VT-d remapping unit. VT-d 4.1 chapter 11. Fields that
 * the model looks at or answers; GSTS has its bits where GCMD has them.
 *
 * Left out: protected memory (PMEN and its limits), advanced fault logging,
 * interrupt remapping, page requests, performance monitoring: their
 * capabilities read zero, and so do their registers.
 */
#ifndef MODELS_VTD_REGS_H
#define MODELS_VTD_REGS_H

#include <stdint.h>

#include "core/base/bits.h"

enum vtd_register {
	VTD_VER = 0x00,
	VTD_CAP = 0x08,
	VTD_ECAP = 0x10,
	VTD_GCMD = 0x18,
	VTD_GSTS = 0x1c,
	VTD_RTADDR = 0x20,
	VTD_CCMD = 0x28,
	VTD_FSTS = 0x34,
	VTD_FECTL = 0x38,
	VTD_FEDATA = 0x3c,
	VTD_FEADDR = 0x40,
	VTD_FEUADDR = 0x44,
	VTD_IQH = 0x80,
	VTD_IQT = 0x88,
	VTD_IQA = 0x90,
	VTD_ICS = 0x9c,
	VTD_IECTL = 0xa0,
	VTD_IEDATA = 0xa4,
	VTD_IEADDR = 0xa8,
	VTD_IEUADDR = 0xac,
	VTD_IQERCD = 0xb0,
	VTD_IVA = 0xf0, /* 16 x ECAP.IRO */
	VTD_IOTLB = 0xf8,
	VTD_FRCD = 0x220, /* 16 x CAP.FRO; 16 bytes a record */
};
#define VTD_REGISTERS_BYTES 0x1000

#define VTD_CAP_FIELDS(F)          \
	F(VTD_CAP, ND, 0, 3)       \
	F(VTD_CAP, RWBF, 4, 1)     \
	F(VTD_CAP, PLMR, 5, 1)     \
	F(VTD_CAP, PHMR, 6, 1)     \
	F(VTD_CAP, CM, 7, 1)       \
	F(VTD_CAP, SAGAW, 8, 5)    \
	F(VTD_CAP, MGAW, 16, 6)    \
	F(VTD_CAP, ZLR, 22, 1)     \
	F(VTD_CAP, FRO, 24, 10)    \
	F(VTD_CAP, SSLPS, 34, 4)   \
	F(VTD_CAP, PSI, 39, 1)     \
	F(VTD_CAP, NFR, 40, 8)     \
	F(VTD_CAP, MAMV, 48, 6)    \
	F(VTD_CAP, DWD, 54, 1)     \
	F(VTD_CAP, DRD, 55, 1)     \
	F(VTD_CAP, FS1GP, 56, 1)   \
	F(VTD_CAP, PI, 59, 1)      \
	F(VTD_CAP, FS5LP, 60, 1)   \
	F(VTD_CAP, ESIRTPS, 62, 1) \
	F(VTD_CAP, ESRTPS, 63, 1)
FIELDS_DEFINE(VTD_CAP, VTD_CAP_FIELDS);

#define VTD_ECAP_FIELDS(F)         \
	F(VTD_ECAP, C, 0, 1)       \
	F(VTD_ECAP, QI, 1, 1)      \
	F(VTD_ECAP, DT, 2, 1)      \
	F(VTD_ECAP, IR, 3, 1)      \
	F(VTD_ECAP, EIM, 4, 1)     \
	F(VTD_ECAP, PT, 6, 1)      \
	F(VTD_ECAP, SC, 7, 1)      \
	F(VTD_ECAP, IRO, 8, 10)    \
	F(VTD_ECAP, MHMV, 20, 4)   \
	F(VTD_ECAP, NEST, 26, 1)   \
	F(VTD_ECAP, PRS, 29, 1)    \
	F(VTD_ECAP, ERS, 30, 1)    \
	F(VTD_ECAP, SRS, 31, 1)    \
	F(VTD_ECAP, NWFS, 33, 1)   \
	F(VTD_ECAP, EAFS, 34, 1)   \
	F(VTD_ECAP, PSS, 35, 5)    \
	F(VTD_ECAP, PASID, 40, 1)  \
	F(VTD_ECAP, DIT, 41, 1)    \
	F(VTD_ECAP, PDS, 42, 1)    \
	F(VTD_ECAP, SMTS, 43, 1)   \
	F(VTD_ECAP, SSADS, 45, 1)  \
	F(VTD_ECAP, SSTS, 46, 1)   \
	F(VTD_ECAP, FSTS, 47, 1)   \
	F(VTD_ECAP, SMPWCS, 48, 1) \
	F(VTD_ECAP, RPS, 49, 1)    \
	F(VTD_ECAP, ADMS, 52, 1)   \
	F(VTD_ECAP, RPRIVS, 53, 1)
FIELDS_DEFINE(VTD_ECAP, VTD_ECAP_FIELDS);

#define VTD_GCMD_FIELDS(F)        \
	F(VTD_GCMD, CFI, 23, 1)   \
	F(VTD_GCMD, SIRTP, 24, 1) \
	F(VTD_GCMD, IRE, 25, 1)   \
	F(VTD_GCMD, QIE, 26, 1)   \
	F(VTD_GCMD, WBF, 27, 1)   \
	F(VTD_GCMD, SRTP, 30, 1)  \
	F(VTD_GCMD, TE, 31, 1)
FIELDS_DEFINE(VTD_GCMD, VTD_GCMD_FIELDS);

#define VTD_RTADDR_FIELDS(F)      \
	F(VTD_RTADDR, TTM, 10, 2) \
	F(VTD_RTADDR, RTA, 12, 52)
FIELDS_DEFINE(VTD_RTADDR, VTD_RTADDR_FIELDS);
enum { VTD_TTM_LEGACY = 0, VTD_TTM_SCALABLE = 1 };

#define VTD_CCMD_FIELDS(F)       \
	F(VTD_CCMD, DID, 0, 16)  \
	F(VTD_CCMD, SID, 16, 16) \
	F(VTD_CCMD, FM, 32, 2)   \
	F(VTD_CCMD, CAIG, 59, 2) \
	F(VTD_CCMD, CIRG, 61, 2) \
	F(VTD_CCMD, ICC, 63, 1)
FIELDS_DEFINE(VTD_CCMD, VTD_CCMD_FIELDS);

#define VTD_IVA_FIELDS(F)    \
	F(VTD_IVA, AM, 0, 6) \
	F(VTD_IVA, IH, 6, 1) \
	F(VTD_IVA, ADDR, 12, 52)
FIELDS_DEFINE(VTD_IVA, VTD_IVA_FIELDS);

#define VTD_IOTLB_FIELDS(F)       \
	F(VTD_IOTLB, DID, 32, 16) \
	F(VTD_IOTLB, DW, 48, 1)   \
	F(VTD_IOTLB, DR, 49, 1)   \
	F(VTD_IOTLB, IAIG, 57, 2) \
	F(VTD_IOTLB, IIRG, 60, 2) \
	F(VTD_IOTLB, IVT, 63, 1)
FIELDS_DEFINE(VTD_IOTLB, VTD_IOTLB_FIELDS);

#define VTD_FSTS_FIELDS(F)     \
	F(VTD_FSTS, PFO, 0, 1) \
	F(VTD_FSTS, PPF, 1, 1) \
	F(VTD_FSTS, IQE, 4, 1) \
	F(VTD_FSTS, ICE, 5, 1) \
	F(VTD_FSTS, ITE, 6, 1) \
	F(VTD_FSTS, FRI, 8, 8)
FIELDS_DEFINE(VTD_FSTS, VTD_FSTS_FIELDS);

/* FECTL and IECTL. */
#define VTD_ECTL_FIELDS(F)     \
	F(VTD_ECTL, IP, 30, 1) \
	F(VTD_ECTL, IM, 31, 1)
FIELDS_DEFINE(VTD_ECTL, VTD_ECTL_FIELDS);

/* A fault record's two words. */
#define VTD_FRCD0_FIELDS(F) F(VTD_FRCD0, FI, 12, 52)
FIELDS_DEFINE(VTD_FRCD0, VTD_FRCD0_FIELDS);
/* X, for F is a field. */
#define VTD_FRCD1_FIELDS(X)       \
	X(VTD_FRCD1, SID, 0, 16)  \
	X(VTD_FRCD1, T2, 28, 1)   \
	X(VTD_FRCD1, PRIV, 29, 1) \
	X(VTD_FRCD1, EXE, 30, 1)  \
	X(VTD_FRCD1, PP, 31, 1)   \
	X(VTD_FRCD1, FR, 32, 8)   \
	X(VTD_FRCD1, PV, 40, 20)  \
	X(VTD_FRCD1, AT, 60, 2)   \
	X(VTD_FRCD1, T1, 62, 1)   \
	X(VTD_FRCD1, F, 63, 1)
FIELDS_DEFINE(VTD_FRCD1, VTD_FRCD1_FIELDS);

#define VTD_IQA_FIELDS(F)     \
	F(VTD_IQA, QS, 0, 3)  \
	F(VTD_IQA, DW, 11, 1) \
	F(VTD_IQA, IQA, 12, 52)
FIELDS_DEFINE(VTD_IQA, VTD_IQA_FIELDS);
/* IQH and IQT: a byte offset. */
#define VTD_IQT_FIELDS(F) F(VTD_IQT, QT, 4, 15)
FIELDS_DEFINE(VTD_IQT, VTD_IQT_FIELDS);
#define VTD_ICS_FIELDS(F) F(VTD_ICS, IWC, 0, 1)
FIELDS_DEFINE(VTD_ICS, VTD_ICS_FIELDS);
#define VTD_IQERCD_FIELDS(F)          \
	F(VTD_IQERCD, IQEI, 0, 4)     \
	F(VTD_IQERCD, ITESID, 32, 16) \
	F(VTD_IQERCD, ICESID, 48, 16)
FIELDS_DEFINE(VTD_IQERCD, VTD_IQERCD_FIELDS);

#endif

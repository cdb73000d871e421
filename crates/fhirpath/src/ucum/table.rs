//! Units of the Unified Code for Units of Measure, <https://ucum.org>, as facts: symbol, whether it
//! takes prefixes, and what it is made of.
//!
//! No UCUM crate fits: the ones published count in floating point or bring a validator's whole
//! machinery, while comparison here must be exact.

/// What a unit symbol means.
#[derive(Clone, Copy, Debug)]
pub(super) enum Meaning {
    /// A dimension of its own: the seven base units, and the arbitrary units, which are
    /// commensurable with nothing but themselves.
    Own,
    /// A number times a unit expression.
    Times(&'static str, &'static str),
    /// A temperature scale: kelvin = (value + shift) * numerator / denominator.
    Scale {
        /// Added first, in the unit's own degrees.
        shift: &'static str,
        /// Kelvin per degree, above the line.
        numerator: u32,
        /// Kelvin per degree, below the line.
        denominator: u32,
    },
}

use Meaning::{Own, Scale, Times};

pub(super) const PREFIXES: [(&str, u32, i32); 24] = [
    ("Y", 10, 24),
    ("Z", 10, 21),
    ("E", 10, 18),
    ("P", 10, 15),
    ("T", 10, 12),
    ("G", 10, 9),
    ("M", 10, 6),
    ("k", 10, 3),
    ("h", 10, 2),
    ("da", 10, 1),
    ("d", 10, -1),
    ("c", 10, -2),
    ("m", 10, -3),
    ("u", 10, -6),
    ("n", 10, -9),
    ("p", 10, -12),
    ("f", 10, -15),
    ("a", 10, -18),
    ("z", 10, -21),
    ("y", 10, -24),
    ("Ki", 1024, 1),
    ("Mi", 1024, 2),
    ("Gi", 1024, 3),
    ("Ti", 1024, 4),
];

/// `(symbol, takes prefixes, meaning)`
#[rustfmt::skip]
pub(super) const UNITS: &[(&str, bool, Meaning)] = &[
    // base
    ("m", true, Own), ("s", true, Own), ("g", true, Own), ("rad", true, Own),
    ("K", true, Own), ("C", true, Own), ("cd", true, Own),
    // numbers
    ("10*", false, Times("10", "1")), ("10^", false, Times("10", "1")),
    ("[pi]", false, Times("3.141592653589793238462643383279", "1")),
    ("%", false, Times("0.01", "1")), ("[ppth]", false, Times("0.001", "1")),
    ("[ppm]", false, Times("0.000001", "1")), ("[ppb]", false, Times("0.000000001", "1")),
    ("[pptr]", false, Times("0.000000000001", "1")),
    // SI
    ("mol", true, Times("602214076000000000000000", "1")),
    ("sr", true, Times("1", "rad2")), ("Hz", true, Times("1", "s-1")),
    ("N", true, Times("1", "kg.m/s2")), ("Pa", true, Times("1", "N/m2")),
    ("J", true, Times("1", "N.m")), ("W", true, Times("1", "J/s")),
    ("A", true, Times("1", "C/s")), ("V", true, Times("1", "J/C")),
    ("F", true, Times("1", "C/V")), ("Ohm", true, Times("1", "V/A")),
    ("S", true, Times("1", "Ohm-1")), ("Wb", true, Times("1", "V.s")),
    ("T", true, Times("1", "Wb/m2")), ("H", true, Times("1", "Wb/A")),
    ("lm", true, Times("1", "cd.sr")), ("lx", true, Times("1", "lm/m2")),
    ("Bq", true, Times("1", "s-1")), ("Gy", true, Times("1", "J/kg")),
    ("Sv", true, Times("1", "J/kg")),
    ("Cel", true, Scale { shift: "273.15", numerator: 1, denominator: 1 }),
    // beside SI
    ("gon", false, Times("0.9", "deg")), ("deg", false, Times("2", "[pi].rad/360")),
    ("'", false, Times("1", "deg/60")), ("''", false, Times("1", "'/60")),
    ("l", true, Times("1", "dm3")), ("L", true, Times("1", "l")), ("ar", true, Times("100", "m2")),
    ("min", false, Times("60", "s")), ("h", false, Times("60", "min")), ("d", false, Times("24", "h")),
    ("a_t", false, Times("365.24219", "d")), ("a_j", false, Times("365.25", "d")),
    ("a_g", false, Times("365.2425", "d")), ("a", false, Times("1", "a_j")),
    ("wk", false, Times("7", "d")), ("mo_s", false, Times("29.53059", "d")),
    ("mo_j", false, Times("1", "a_j/12")), ("mo_g", false, Times("1", "a_g/12")),
    ("mo", false, Times("1", "mo_j")),
    ("t", true, Times("1000", "kg")), ("bar", true, Times("100000", "Pa")),
    ("u", true, Times("0.00000000000000000000000166053906660", "g")),
    ("eV", true, Times("0.0000000000000000001602176634", "J")),
    ("AU", false, Times("149597.870691", "Mm")), ("pc", true, Times("30856780000000000", "m")),
    // constants
    ("[c]", true, Times("299792458", "m/s")),
    ("[h]", true, Times("0.000000000000000000000000000000000662607015", "J.s")),
    ("[k]", true, Times("0.00000000000000000000001380649", "J/K")),
    ("[eps_0]", true, Times("0.000000000008854187817", "F/m")),
    ("[mu_0]", true, Times("0.0000004", "[pi].N/A2")),
    ("[e]", true, Times("0.0000000000000000001602176634", "C")),
    ("[m_e]", true, Times("0.00000000000000000000000000091093837139", "g")),
    ("[m_p]", true, Times("0.00000000000000000000000167262192595", "g")),
    ("[G]", true, Times("0.0000000000667430", "m3.kg-1.s-2")),
    ("[g]", true, Times("9.80665", "m/s2")), ("[ly]", true, Times("1", "[c].a_j")),
    ("gf", true, Times("1", "g.[g]")), ("[lbf_av]", false, Times("1", "[lb_av].[g]")),
    // CGS
    ("Ky", true, Times("1", "cm-1")), ("Gal", true, Times("1", "cm/s2")),
    ("dyn", true, Times("1", "g.cm/s2")), ("erg", true, Times("1", "dyn.cm")),
    ("P", true, Times("1", "dyn.s/cm2")), ("Bi", true, Times("10", "A")),
    ("St", true, Times("1", "cm2/s")), ("Mx", true, Times("0.00000001", "Wb")),
    ("G", true, Times("0.0001", "T")), ("Oe", true, Times("250", "/[pi].A/m")),
    ("Gb", true, Times("1", "Oe.cm")), ("sb", true, Times("1", "cd/cm2")),
    ("Lmb", true, Times("1", "cd/cm2/[pi]")), ("ph", true, Times("0.0001", "lx")),
    ("Ci", true, Times("37000000000", "Bq")), ("R", true, Times("0.000258", "C/kg")),
    ("RAD", true, Times("100", "erg/g")), ("REM", true, Times("1", "RAD")),
    // international customary
    ("[in_i]", false, Times("2.54", "cm")), ("[ft_i]", false, Times("12", "[in_i]")),
    ("[yd_i]", false, Times("3", "[ft_i]")), ("[mi_i]", false, Times("5280", "[ft_i]")),
    ("[fth_i]", false, Times("6", "[ft_i]")), ("[nmi_i]", false, Times("1852", "m")),
    ("[kn_i]", false, Times("1", "[nmi_i]/h")), ("[sin_i]", false, Times("1", "[in_i]2")),
    ("[sft_i]", false, Times("1", "[ft_i]2")), ("[syd_i]", false, Times("1", "[yd_i]2")),
    ("[cin_i]", false, Times("1", "[in_i]3")), ("[cft_i]", false, Times("1", "[ft_i]3")),
    ("[cyd_i]", false, Times("1", "[yd_i]3")), ("[bf_i]", false, Times("144", "[in_i]3")),
    ("[cr_i]", false, Times("128", "[ft_i]3")), ("[mil_i]", false, Times("0.001", "[in_i]")),
    ("[cml_i]", false, Times("1", "[pi]/4.[mil_i]2")), ("[hd_i]", false, Times("4", "[in_i]")),
    // US survey lengths
    ("[ft_us]", false, Times("1200", "m/3937")), ("[yd_us]", false, Times("3", "[ft_us]")),
    ("[in_us]", false, Times("1", "[ft_us]/12")), ("[rd_us]", false, Times("16.5", "[ft_us]")),
    ("[ch_us]", false, Times("4", "[rd_us]")), ("[lk_us]", false, Times("1", "[ch_us]/100")),
    ("[fth_us]", false, Times("6", "[ft_us]")), ("[fur_us]", false, Times("40", "[rd_us]")),
    ("[mi_us]", false, Times("8", "[fur_us]")), ("[acr_us]", false, Times("160", "[rd_us]2")),
    ("[srd_us]", false, Times("1", "[rd_us]2")), ("[smi_us]", false, Times("1", "[mi_us]2")),
    ("[sct]", false, Times("1", "[mi_us]2")), ("[twp]", false, Times("36", "[sct]")),
    ("[mil_us]", false, Times("0.001", "[in_us]")),
    // British lengths
    ("[in_br]", false, Times("2.539998", "cm")), ("[ft_br]", false, Times("12", "[in_br]")),
    ("[rd_br]", false, Times("16.5", "[ft_br]")), ("[ch_br]", false, Times("4", "[rd_br]")),
    ("[lk_br]", false, Times("1", "[ch_br]/100")), ("[fth_br]", false, Times("6", "[ft_br]")),
    ("[pc_br]", false, Times("2.5", "[ft_br]")), ("[yd_br]", false, Times("3", "[ft_br]")),
    ("[mi_br]", false, Times("5280", "[ft_br]")), ("[nmi_br]", false, Times("6080", "[ft_br]")),
    ("[kn_br]", false, Times("1", "[nmi_br]/h")), ("[acr_br]", false, Times("4840", "[yd_br]2")),
    // US volumes
    ("[gal_us]", false, Times("231", "[in_i]3")), ("[bbl_us]", false, Times("42", "[gal_us]")),
    ("[qt_us]", false, Times("1", "[gal_us]/4")), ("[pt_us]", false, Times("1", "[qt_us]/2")),
    ("[gil_us]", false, Times("1", "[pt_us]/4")), ("[foz_us]", false, Times("1", "[gil_us]/4")),
    ("[fdr_us]", false, Times("1", "[foz_us]/8")), ("[min_us]", false, Times("1", "[fdr_us]/60")),
    ("[crd_us]", false, Times("128", "[ft_i]3")), ("[bu_us]", false, Times("2150.42", "[in_i]3")),
    ("[gal_wi]", false, Times("1", "[bu_us]/8")), ("[pk_us]", false, Times("1", "[bu_us]/4")),
    ("[dqt_us]", false, Times("1", "[pk_us]/8")), ("[dpt_us]", false, Times("1", "[dqt_us]/2")),
    ("[tbs_us]", false, Times("1", "[foz_us]/2")), ("[tsp_us]", false, Times("1", "[tbs_us]/3")),
    ("[cup_us]", false, Times("16", "[tbs_us]")), ("[foz_m]", false, Times("30", "mL")),
    ("[cup_m]", false, Times("240", "mL")), ("[tsp_m]", false, Times("5", "mL")),
    ("[tbs_m]", false, Times("15", "mL")),
    // British volumes
    ("[gal_br]", false, Times("4.54609", "l")), ("[pk_br]", false, Times("2", "[gal_br]")),
    ("[bu_br]", false, Times("4", "[pk_br]")), ("[qt_br]", false, Times("1", "[gal_br]/4")),
    ("[pt_br]", false, Times("1", "[qt_br]/2")), ("[gil_br]", false, Times("1", "[pt_br]/4")),
    ("[foz_br]", false, Times("1", "[gil_br]/5")), ("[fdr_br]", false, Times("1", "[foz_br]/8")),
    ("[min_br]", false, Times("1", "[fdr_br]/60")),
    // weights
    ("[gr]", false, Times("64.79891", "mg")), ("[lb_av]", false, Times("7000", "[gr]")),
    ("[oz_av]", false, Times("1", "[lb_av]/16")), ("[dr_av]", false, Times("1", "[oz_av]/16")),
    ("[scwt_av]", false, Times("100", "[lb_av]")), ("[lcwt_av]", false, Times("112", "[lb_av]")),
    ("[ston_av]", false, Times("20", "[scwt_av]")), ("[lton_av]", false, Times("20", "[lcwt_av]")),
    ("[stone_av]", false, Times("14", "[lb_av]")), ("[pwt_tr]", false, Times("24", "[gr]")),
    ("[oz_tr]", false, Times("20", "[pwt_tr]")), ("[lb_tr]", false, Times("12", "[oz_tr]")),
    ("[sc_ap]", false, Times("20", "[gr]")), ("[dr_ap]", false, Times("3", "[sc_ap]")),
    ("[oz_ap]", false, Times("8", "[dr_ap]")), ("[lb_ap]", false, Times("12", "[oz_ap]")),
    ("[oz_m]", false, Times("28", "g")),
    // type setting
    ("[lne]", false, Times("1", "[in_i]/12")), ("[pnt]", false, Times("1", "[lne]/6")),
    ("[pca]", false, Times("12", "[pnt]")), ("[pnt_pr]", false, Times("0.013837", "[in_i]")),
    ("[pca_pr]", false, Times("12", "[pnt_pr]")), ("[pied]", false, Times("32.48", "cm")),
    ("[pouce]", false, Times("1", "[pied]/12")), ("[ligne]", false, Times("1", "[pouce]/12")),
    ("[didot]", false, Times("1", "[ligne]/6")), ("[cicero]", false, Times("12", "[didot]")),
    // heat
    ("[degF]", false, Scale { shift: "459.67", numerator: 5, denominator: 9 }),
    ("[degRe]", false, Scale { shift: "218.52", numerator: 5, denominator: 4 }),
    ("[degR]", false, Times("5", "K/9")),
    ("cal_[15]", true, Times("4.18580", "J")), ("cal_[20]", true, Times("4.18190", "J")),
    ("cal_m", true, Times("4.19002", "J")), ("cal_IT", true, Times("4.1868", "J")),
    ("cal_th", true, Times("4.184", "J")), ("cal", true, Times("1", "cal_th")),
    ("[Cal]", false, Times("1", "kcal_th")), ("[Btu_39]", false, Times("1.05967", "kJ")),
    ("[Btu_59]", false, Times("1.05480", "kJ")), ("[Btu_60]", false, Times("1.05468", "kJ")),
    ("[Btu_m]", false, Times("1.05587", "kJ")), ("[Btu_IT]", false, Times("1.05505585262", "kJ")),
    ("[Btu_th]", false, Times("1.054350", "kJ")), ("[Btu]", false, Times("1", "[Btu_th]")),
    ("[HP]", false, Times("550", "[ft_i].[lbf_av]/s")), ("tex", true, Times("1", "g/km")),
    ("[den]", false, Times("1", "g/9/km")),
    // clinical
    ("m[H2O]", true, Times("9.80665", "kPa")), ("m[Hg]", true, Times("133.3220", "kPa")),
    ("[in_i'H2O]", false, Times("1", "m[H2O].[in_i]/m")),
    ("[in_i'Hg]", false, Times("1", "m[Hg].[in_i]/m")),
    ("[PRU]", false, Times("1", "mm[Hg].s/ml")), ("[wood'U]", false, Times("1", "mm[Hg].min/L")),
    ("[diop]", false, Times("1", "/m")), ("[mesh_i]", false, Times("1", "/[in_i]")),
    ("[Ch]", false, Times("1", "mm/3")), ("[drp]", false, Times("1", "ml/20")),
    ("[hnsf'U]", false, Times("1", "1")), ("[MET]", false, Times("3.5", "mL/min/kg")),
    ("eq", true, Times("1", "mol")), ("osm", true, Times("1", "mol")), ("g%", true, Times("1", "g/dl")),
    ("kat", true, Times("1", "mol/s")), ("U", true, Times("1", "umol/min")),
    ("[S]", false, Times("0.0000000000001", "s")), ("[HPF]", false, Times("1", "1")),
    ("[LPF]", false, Times("100", "1")),
    // arbitrary
    ("[iU]", true, Own), ("[IU]", true, Times("1", "[iU]")), ("[arb'U]", false, Own),
    ("[USP'U]", false, Own), ("[GPL'U]", false, Own), ("[MPL'U]", false, Own), ("[APL'U]", false, Own),
    ("[beth'U]", false, Own), ("[anti'Xa'U]", false, Own), ("[todd'U]", false, Own),
    ("[dye'U]", false, Own), ("[smgy'U]", false, Own), ("[bdsk'U]", false, Own), ("[ka'U]", false, Own),
    ("[knk'U]", false, Own), ("[mclg'U]", false, Own), ("[tb'U]", false, Own), ("[CCID_50]", false, Own),
    ("[TCID_50]", false, Own), ("[EID_50]", false, Own), ("[PFU]", false, Own), ("[FFU]", false, Own),
    ("[CFU]", false, Own), ("[IR]", false, Own), ("[BAU]", false, Own), ("[AU]", false, Own),
    ("[Amb'a'1'U]", false, Own), ("[PNU]", false, Own), ("[Lf]", false, Own), ("[D'ag'U]", false, Own),
    ("[FEU]", false, Own), ("[ELU]", false, Own), ("[EU]", false, Own), ("[IGU]", false, Own),
    ("[NTU]", false, Own), ("[FNU]", false, Own), ("[hp'_X]", false, Own), ("[hp'_C]", false, Own),
    ("[hp'_M]", false, Own), ("[hp'_Q]", false, Own), ("[kp_X]", false, Own), ("[kp_C]", false, Own),
    ("[kp_M]", false, Own), ("[kp_Q]", false, Own),
    // logarithmic and trigonometric scales: comparable with themselves only
    ("[pH]", false, Own), ("Np", true, Own), ("B", true, Own), ("B[SPL]", true, Own), ("B[V]", true, Own),
    ("B[mV]", true, Own), ("B[uV]", true, Own), ("B[10.nV]", true, Own), ("B[W]", true, Own),
    ("B[kW]", true, Own), ("bit_s", false, Own), ("[p'diop]", false, Own), ("%[slope]", false, Own),
    ("[m/s2/Hz^0.5]", true, Own),
    // various
    ("st", true, Times("1", "m3")), ("Ao", false, Times("0.1", "nm")), ("b", false, Times("100", "fm2")),
    ("att", false, Times("1", "kgf/cm2")), ("mho", true, Times("1", "S")),
    ("[psi]", false, Times("1", "[lbf_av]/[in_i]2")), ("circ", false, Times("2", "[pi].rad")),
    ("sph", false, Times("4", "[pi].sr")), ("[car_m]", false, Times("0.2", "g")),
    ("[car_Au]", false, Times("1", "/24")), ("[smoot]", false, Times("67", "[in_i]")),
    ("bit", true, Times("1", "1")), ("By", true, Times("8", "bit")), ("Bd", true, Times("1", "/s")),
];

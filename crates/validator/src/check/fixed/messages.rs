//! Messages: fixed values, patterns, least and greatest values.

/// Passes its rows on; see `messages.rs`.
macro_rules! fixed_messages {
    ($next:ident $($rest:tt)*) => {
        $next! { $($rest)*
            FixedWrong { found: Stated, expected: Defined, source: Defined }
                "_DT_Fixed_Wrong" Error Value
                en "The value is {found}, but {source} fixes it to '{expected}'"
                nb "Verdien er {found}, men {source} fastsetter den til '{expected}'";
            FixedMissing { element: Defined, source: Defined }
                "Profile_VAL_MissingElement" Error Value
                en "{element} is missing, but the fixed value or pattern of {source} has it"
                nb "{element} mangler, men den faste verdien eller mønsteret i {source} har det";
            PatternCoding { element: Defined, source: Defined, expected: Defined }
                "TYPE_CHECKS_PATTERN_CC" Error Value
                en "No {element} is {expected}, which the pattern of {source} asks for"
                nb "Ingen {element} er {expected}, som mønsteret i {source} krever";
            FixedCodings { expected: usize, found: usize, source: Defined }
                "Terminology_TX_Coding_Count" Error Value
                en "{source} asks for {expected} codings, found {found}"
                nb "{source} krever {expected} kodinger, fant {found}";
            FixedNotAllowed { element: GivenName, source: Defined }
                "Profile_VAL_NotAllowed" Error Value
                en "{element} is given, but the fixed value of {source} does not have it"
                nb "{element} er oppgitt, men den faste verdien i {source} har det ikke";
            DecimalGt { limit: Defined }
                "Type_Specific_Checks_DT_Decimal_GT" Error Invalid
                en "The value is above the maximum {limit}"
                nb "Verdien er over maksimum {limit}";
            DecimalLt { limit: Defined }
                "Type_Specific_Checks_DT_Decimal_LT" Error Invalid
                en "The value is below the minimum {limit}"
                nb "Verdien er under minimum {limit}";
            IntegerGt { limit: Defined }
                "Type_Specific_Checks_DT_Integer_GT" Error Invalid
                en "The value is above the maximum {limit}"
                nb "Verdien er over maksimum {limit}";
            IntegerLt { limit: Defined }
                "Type_Specific_Checks_DT_Integer_LT" Error Invalid
                en "The value is below the minimum {limit}"
                nb "Verdien er under minimum {limit}";
            DateGt { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_DT_GT" Error Invalid
                en "The time is after the latest permitted {limit}"
                nb "Tidspunktet er etter det seneste tillatte {limit}";
            DateLt { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_DT_LT" Error Invalid
                en "The time is before the earliest permitted {limit}"
                nb "Tidspunktet er før det tidligste tillatte {limit}";
            QuantityMax { value: Value, limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_VALUE_WRONG" Error Invalid
                en "The value {value} is above the maximum {limit}"
                nb "Verdien {value} er over maksimum {limit}";
            QuantityMaxUcum { value: Value, limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_VALUE_WRONG_UCUM" Error Invalid
                en "The value {value} is above the maximum {limit} after conversion of units"
                nb "Verdien {value} er over maksimum {limit} etter omregning av enhet";
            QuantityMin { value: Value, limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_VALUE_WRONG" Error Invalid
                en "The value {value} is below the minimum {limit}"
                nb "Verdien {value} er under minimum {limit}";
            QuantityMinUcum { value: Value, limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_VALUE_WRONG_UCUM" Error Invalid
                en "The value {value} is below the minimum {limit} after conversion of units"
                nb "Verdien {value} er under minimum {limit} etter omregning av enhet";
            QuantityGtMax { value: Value, limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_GT_MAX" Error Invalid
                en "The time '{value}' is later than {limit} from now"
                nb "Tidspunktet '{value}' er senere enn {limit} fra nå";
            QuantityLtMin { value: Value, limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_LT_MIN" Error Invalid
                en "The time '{value}' is earlier than {limit} from now"
                nb "Tidspunktet '{value}' er tidligere enn {limit} fra nå";
            QuantityMaxNoValue { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_VALUE_NO_VALUE" Warning Invalid
                en "The maximum {limit} cannot be checked: the instance has no value"
                nb "Maksimum {limit} kan ikke kontrolleres: instansen har ingen verdi";
            QuantityMinNoValue { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_VALUE_NO_VALUE" Warning Invalid
                en "The minimum {limit} cannot be checked: the instance has no value"
                nb "Minimum {limit} kan ikke kontrolleres: instansen har ingen verdi";
            QuantityMinUnitUnknown { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_CODE_MISMATCH" Warning Invalid
                en "The minimum {limit} cannot be checked: the unit of the instance is not comparable"
                nb "Minimum {limit} kan ikke kontrolleres: enheten i instansen kan ikke sammenlignes";
            QuantityMaxUnitUnknown { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_CODE_MISMATCH" Warning Invalid
                en "The maximum {limit} cannot be checked: the unit of the instance is not comparable"
                nb "Maksimum {limit} kan ikke kontrolleres: enheten i instansen kan ikke sammenlignes";
            QuantityMinLimitNoSystem { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_MIN_NO_SYSTEM" Warning Invalid
                en "The minimum {limit} of the profile cannot be checked: it has no system"
                nb "Minimum {limit} i profilen kan ikke kontrolleres: grensen har ikke noe system";
            QuantityMinLimitNoCode { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_MIN_NO_CODE" Warning Invalid
                en "The minimum {limit} of the profile cannot be checked: it has no code of a unit"
                nb "Minimum {limit} i profilen kan ikke kontrolleres: grensen har ingen kode for enheten";
            QuantityMaxLimitNoSystem { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_MIN_NO_SYSTEM" Warning Invalid
                en "The maximum {limit} of the profile cannot be checked: it has no system"
                nb "Maksimum {limit} i profilen kan ikke kontrolleres: grensen har ikke noe system";
            QuantityMaxLimitNoCode { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_MIN_NO_CODE" Warning Invalid
                en "The maximum {limit} of the profile cannot be checked: it has no code of a unit"
                nb "Maksimum {limit} i profilen kan ikke kontrolleres: grensen har ingen kode for enheten";
            QuantityMinNoSystem { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_VALUE_NO_SYSTEM" Warning Invalid
                en "The minimum {limit} cannot be checked: the instance has no system"
                nb "Minimum {limit} kan ikke kontrolleres: instansen har ikke noe system";
            QuantityMaxNoSystem { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_VALUE_NO_SYSTEM" Warning Invalid
                en "The maximum {limit} cannot be checked: the instance has no system"
                nb "Maksimum {limit} kan ikke kontrolleres: instansen har ikke noe system";
            QuantityMinOtherSystem { limit: Defined, system: Canonical }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_SYSTEM_MISMATCH" Warning Invalid
                en "The minimum {limit} cannot be checked: the system of the instance is {system}"
                nb "Minimum {limit} kan ikke kontrolleres: systemet i instansen er {system}";
            QuantityMaxOtherSystem { limit: Defined, system: Canonical }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_SYSTEM_MISMATCH" Warning Invalid
                en "The maximum {limit} cannot be checked: the system of the instance is {system}"
                nb "Maksimum {limit} kan ikke kontrolleres: systemet i instansen er {system}";
            QuantityMinNoCode { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_VALUE_NO_CODE" Warning Invalid
                en "The minimum {limit} cannot be checked: the unit of the instance has no code"
                nb "Minimum {limit} kan ikke kontrolleres: enheten i instansen har ingen kode";
            QuantityMaxNoCode { limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_VALUE_NO_CODE" Warning Invalid
                en "The maximum {limit} cannot be checked: the unit of the instance has no code"
                nb "Maksimum {limit} kan ikke kontrolleres: enheten i instansen har ingen kode";
            QuantityMinNoConversion { value: Value, limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MIN_MIN_NO_CONVERT" Error Invalid
                en "{value} cannot be converted to the unit of the minimum {limit}"
                nb "{value} kan ikke regnes om til enheten i minimum {limit}";
            QuantityMaxNoConversion { value: Value, limit: Defined }
                "TYPE_SPECIFIC_CHECKS_DT_QTY_MAX_MIN_NO_CONVERT" Error Invalid
                en "{value} cannot be converted to the unit of the maximum {limit}"
                nb "{value} kan ikke regnes om til enheten i maksimum {limit}";
            ExtensionCount { expected: usize, found: usize }
                "Extension_EXT_Count_Mismatch" Error Value
                en "{expected} extensions are due as in the profile's value, found {found}"
                nb "Det skal være {expected} utvidelser som i profilens verdi, men det er {found}";
            ExtFixedBanned { source: Defined }
                "Extension_EXT_Fixed_Banned" Error Value
                en "An extension is not allowed here, since the fixed value of {source} has none"
                nb "En utvidelse er ikke tillatt her, siden den faste verdien i {source} ikke har noen";
            LimitNotEvaluated { limit: Defined }
                "LMRV_LIMIT_NOT_EVALUATED" Warning Processing
                en "The value could not be compared with the limit {limit}"
                nb "Verdien kunne ikke sammenlignes med grensen {limit}";
        }
    };
}
pub(crate) use fixed_messages;

"""The Core Business Vocabulary (CBV 2.0, sections 7 and 8): bare words, and every longer way to write one."""

from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


BIZ_STEPS = _words("""
    accepting arriving assembling collecting commissioning consigning creating_class_instance cycle_counting
    decommissioning departing destroying disassembling dispensing encoding entering_exiting holding inspecting
    installing killing loading other packing picking receiving removing repackaging repairing replacing reserving
    retail_selling sampling sensor_reporting shipping staging_outbound stock_taking stocking storing transporting
    unloading unpacking void_shipping
""")
DISPOSITIONS = _words("""
    active available completeness_inferred completeness_verified conformant container_closed container_open damaged
    destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class mismatch_instance
    mismatch_quantity needs_replacement no_pedigree_match non_conformant non_sellable_other partially_dispensed
    recalled reserved retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable unknown
""")
TRANSACTION_TYPES = _words("""
    bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt
""")
PARTY_TYPES = _words("""
    location owning_party possessing_party
""")
ERROR_REASONS = _words("""
    did_not_occur incorrect_data
""")
MEASUREMENTS = _words("""
    AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude AmountOfSubstance
    AmountOfSubstancePerUnitVolume Angle AngularAcceleration AngularMomentum AngularVelocity Area Capacitance
    Conductance Conductivity Count Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity
    ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy Exposure Force Frequency
    Illuminance Inductance Irradiance KinematicViscosity Length LinearMomentum Luminance LuminousFlux
    LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate
    MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux
    RadiantIntensity Radioactivity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume Speed
    SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction VolumetricFlux
    Wavenumber
""")
ALERTS = _words("""
    ALARM_CONDITION ERROR_CONDITION
""")
COMPONENTS = _words("""
    altitude axial_distance azimuth easting elevation_angle height latitude longitude northing polar_angle
    spherical_radius x y z
""")

CBV = "https://ref.gs1.org/cbv/"
GS1 = "https://gs1.org/voc/"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"

# Prefixes that the published context declares (epcis-context.jsonld 2.0).
STANDARD: Mapping[str, str] = {
    "epcis": "https://ref.gs1.org/epcis/",
    "cbv": CBV,
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "gs1": GS1,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
}


class Vocabulary:
    """The words that one field may hold, with the stem of their web address and of their URN (EPCIS 1.2)."""

    def __init__(self, words: frozenset[str], stem: str, urn: str = "") -> None:
        self.words, self.stem = words, stem
        curie = stem.replace(CBV, "cbv:").replace(GS1, "gs1:")
        self._stems = tuple(s for s in (stem, curie, urn and f"urn:epcglobal:cbv:{urn}:") if s)

    def bare(self, value: str) -> str:
        """Return the bare word of a value however it is written; a word of somebody else's vocabulary as it is."""
        if value in self.words:
            return value
        for stem in self._stems:
            if value.startswith(stem) and value[len(stem) :] in self.words:
                return value[len(stem) :]
        return value

    def full(self, value: str) -> str:
        """Return the web address of a bare word; any other value as it is."""
        return self.stem + value if value in self.words else value


BIZ_STEP = Vocabulary(BIZ_STEPS, CBV + "BizStep-", "bizstep")
DISPOSITION = Vocabulary(DISPOSITIONS, CBV + "Disp-", "disp")
TRANSACTION_TYPE = Vocabulary(TRANSACTION_TYPES, CBV + "BTT-", "btt")
PARTY_TYPE = Vocabulary(PARTY_TYPES, CBV + "SDT-", "sdt")
ERROR_REASON = Vocabulary(ERROR_REASONS, CBV + "ER-", "er")
MEASUREMENT = Vocabulary(MEASUREMENTS, GS1)
ALERT = Vocabulary(ALERTS, GS1)
COMPONENT = Vocabulary(COMPONENTS, CBV + "Comp-")

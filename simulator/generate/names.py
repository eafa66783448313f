"""The words a generated tenant is made of: people, departments with their titles, offices, partners, group topics."""

from dataclasses import dataclass

GIVEN_NAMES = tuple(
    """Adele Aisha Alejandro Alex Amina Anders Anna Anton Aoife Ayumi Beatriz Bianca Bram Camille Carlos Cecilia Chen
    Chidi Clara Daan Daniel Daria David Diego Dmitri Eleni Elif Elin Emeka Emily Emma Erik Esra Fatima Femke Finn
    Gabriela Giulia Grace Hanna Haruto Henrietta Hiro Hugo Ines Ingrid Isaiah Ivan Jana Jasper Javier Jia Joao Johanna
    Jonas Joni Julia Kadir Karin Kenji Klara Kofi Lars Laura Lea Lee Leila Liam Lidia Linh Lotte Luca Lucia Lynne Maja
    Marco Maria Mateo Megan Mei Mila Miriam Mohamed Nadia Naoki Nestor Nia Nils Noor Olga Oliver Omar Patti Pedro Petra
    Pradeep Priya Rafael Raul Robin Rosa Sara Sem Simone Sofia Stefan Svea Tariq Thanh Thomas Tomas Uma Valentina Vera
    Viktor Wei Willem Yara Yusuf Zofia""".split()
)
SURNAMES = tuple(
    """Aalto Abebe Acosta Adeyemi Ahmed Almeida Andersson Bakker Bauer Becker Bergman Bianchi Blake Bos Brandt Brown
    Castro Chen Cohen Costa Dahl Dekker Diallo Dubois Ekstrom Eriksen Evans Farouk Fernandez Fischer Fontaine Garcia
    Ghosh Girard Gonzalez Haas Hansen Haddad Hashimoto Hoffmann Holm Huang Ibrahim Ishikawa Ito Ivanov Jansen Janssen
    Jensen Johansson Jones Kaya Keller Kelly Khan Kim Klein Koster Kowalski Kumar Lang Larsen Lee Lehmann Lim Lindberg
    Lopez Maas Marino Martin Mbeki Mendes Meyer Moreau Mulder Murphy Nakamura Nasser Nguyen Nielsen Novak Okafor Olsen
    Ortiz Osei Ozturk Park Patel Pereira Peters Petrov Pham Popescu Ramos Rao Reyes Ricci Rossi Sahin Sato Schmidt
    Schneider Sharma Silva Singh Smit Smith Sousa Suzuki Svensson Takahashi Tan Thomsen Torres Tran Vance Verhoeven Vos
    Wagner Wang Weber Williams Wilson Wolf Wong Yamamoto Yilmaz Zhang Zimmermann""".split()
)


@dataclass(frozen=True, slots=True)
class Department:
    """A department, how large a part of the people it has, and what they are called."""

    name: str
    weight: int
    titles: tuple[str, ...]
    has_rules: bool = False


@dataclass(frozen=True, slots=True)
class Office:
    """A place of work."""

    name: str
    street: str
    city: str
    postal_code: str
    state: str
    country: str
    usage: str
    language: str
    phone: str


# Those with rules feed the dynamic groups; in the others a department may change without moving anyone.
DEPARTMENTS = (
    Department("Sales", 16, ("Account Executive", "Account Manager", "Sales Director", "Inside Sales"), True),
    Department("Engineering", 18, ("Software Engineer", "Senior Engineer", "Staff Engineer", "QA Engineer")),
    Department("Manufacturing", 15, ("Line Operator", "Shift Lead", "Process Engineer", "Plant Manager")),
    Department("Customer Care", 12, ("Support Agent", "Senior Support Agent", "Team Lead"), True),
    Department("Finance", 7, ("Accountant", "Controller", "Financial Analyst", "Treasurer"), True),
    Department("Logistics", 8, ("Planner", "Warehouse Associate", "Fleet Coordinator")),
    Department("Marketing", 6, ("Marketing Specialist", "Brand Manager", "Content Editor")),
    Department("Human Resources", 4, ("HR Partner", "Recruiter", "Payroll Specialist"), True),
    Department("Information Technology", 5, ("System Administrator", "Service Desk Analyst", "Cloud Engineer")),
    Department("Research", 4, ("Scientist", "Lab Technician", "Research Lead")),
    Department("Legal", 2, ("Counsel", "Paralegal", "Privacy Officer"), True),
    Department("Facilities", 2, ("Facility Manager", "Receptionist", "Security Guard")),
    Department("Executive", 1, ("Chief Financial Officer", "Chief Operating Officer", "Executive Assistant")),
)
OFFICES = (
    Office("UTR-1", "Stationsplein 4", "Utrecht", "3511 ED", "Utrecht", "Netherlands", "NL", "nl-NL", "+31 30 555"),
    Office("ANT-2", "Meir 50", "Antwerp", "2000", "Antwerp", "Belgium", "BE", "nl-BE", "+32 3 555"),
    Office("BER-1", "Invalidenstrasse 91", "Berlin", "10115", "Berlin", "Germany", "DE", "de-DE", "+49 30 555"),
    Office("LYO-3", "Rue de la Part-Dieu 12", "Lyon", "69003", "Rhone", "France", "FR", "fr-FR", "+33 4 55"),
    Office("DUB-1", "Harcourt Street 21", "Dublin", "D02 VP84", "Leinster", "Ireland", "IE", "en-IE", "+353 1 555"),
    Office("SEA-18", "4th Avenue 1200", "Seattle", "98101", "WA", "United States", "US", "en-US", "+1 206 555"),
    Office("SIN-1", "Raffles Place 8", "Singapore", "048619", "Singapore", "Singapore", "SG", "en-SG", "+65 6555"),
)
PARTNERS = ("fabrikam.example", "northwind.example", "adatum.example", "litware.example")
TOPICS = tuple(
    """Atlas Aurora Beacon Budget Calypso Compass Delta Ember Falcon Forum Gateway Granite Harbor Horizon Indigo Jupiter
    Kestrel Lantern Ledger Meridian Mosaic Nimbus Onboarding Orbit Payroll Phoenix Pilot Portal Quartz Radar Release
    Safety Scout Sierra Summit Tango Tender Titan Training Vega Vista Works Xenon Yard Zenith""".split()
)

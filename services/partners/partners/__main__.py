"""`python -m partners api | worker | all`."""

from chassis.run import main
from partners.app import service
from partners.settings import PartnersSettings

if __name__ == "__main__":
    main(service, PartnersSettings)

// The build for phones. Not run where this project is made: neither Google's repository nor an NDK can be reached there.
pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "hazel"
include(":wallet", ":app")

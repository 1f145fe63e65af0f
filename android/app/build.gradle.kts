// The app for phones. Not run where this project is made; the Maven build beside it compiles the same sources and runs the tests.
plugins {
    id("com.android.application") version "8.13.0"
    kotlin("android") version "2.2.21"
}

android {
    namespace = "org.hazel.app"
    compileSdk = 35
    defaultConfig {
        applicationId = "org.hazel.app"
        minSdk = 24
        targetSdk = 35
        versionCode = 1
        versionName = "0.1.0"
        ndk { abiFilters += listOf("arm64-v8a", "x86_64") }
        // Whose links open the app: a host of yours, which serves assetlinks.json.
        manifestPlaceholders["linkHost"] = providers.gradleProperty("hazel.linkHost").getOrElse("hazel.invalid")
    }
    // Texts and the theme only: nothing is looked up by a generated class, so that Maven compiles the same sources.
    androidResources { localeFilters += listOf("en", "es", "de") }
    buildTypes {
        release {
            isMinifyEnabled = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"))
            // Texts are found by their names.
            isShrinkResources = false
        }
    }
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
}

kotlin { jvmToolchain(17) }

dependencies {
    implementation(project(":wallet"))
}
